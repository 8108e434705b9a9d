// Cost against quality: a point a cell, with the intervals of both figures.
function makeScatter() {
  const section = document.getElementById('cost');
  const byName = (...names) => names.map(figureNumber).find((i) => i >= 0);
  const costs = page.figures.map((f, i) => (f.cost ? i : -1)).filter((i) => i >= 0);
  const goods = page.figures.map((f, i) => (!f.cost && f.telling ? i : -1)).filter((i) => i >= 0);
  const start = { x: byName('seconds', 'gradient_evaluations') ?? costs[0], y: byName('kl') ?? goods[0] };
  if (start.x === undefined || start.y === undefined || cells.length < 2) return;
  show(section);

  const [across, up, data] = ['across', 'up', 'scatterdata'].map((id) => document.getElementById(id));
  const [acrossLog, upLog] = ['acrosslog', 'uplog'].map((id) => document.getElementById(id));
  for (const [select, chosen] of [[across, start.x], [up, start.y]]) {
    select.append(...page.figures.map((f, i) => create('option', { value: i, textContent: f.title, selected: i === chosen })));
  }
  data.append(...page.data.map((name, i) => create('option', { value: i, textContent: name })));
  data.closest('label').hidden = page.data.length < 2;

  const slot = addSlot(document.getElementById('scatter'), build);
  const isHidden = makeLegend(document.getElementById('scatterlegend'), page.methods, new Set(cells.map((c) => c.method)), false, () => redraw(slot));
  for (const input of [across, up, data, acrossLog, upLog]) input.addEventListener('change', () => redraw(slot));
  onFilter.push(() => redraw(slot));

  function build() {
    const x = { figure: page.figures[across.value], number: Number(across.value), isLog: acrossLog.checked };
    const y = { figure: page.figures[up.value], number: Number(up.value), isLog: upLog.checked };
    const sets = new Map();
    let missing = 0;
    let unfit = 0;
    let drawn = 0;
    for (const cell of cells) {
      if (!cell.isShown || isHidden(cell.method) || (data.value !== '' && Number(data.value) !== cell.data)) continue;
      const point = { x: valueOf(cell, x.number), y: valueOf(cell, y.number), cell };
      if (point.x === undefined || point.y === undefined) {
        missing++;
      } else if ((x.isLog && point.x <= 0) || (y.isLog && point.y <= 0)) {
        unfit++;
      } else {
        if (!sets.has(cell.method)) sets.set(cell.method, []);
        sets.get(cell.method).push({ ...point, xHalf: halfOf(cell, x.number) ?? 0, yHalf: halfOf(cell, y.number) ?? 0 });
        drawn++;
      }
    }
    note(drawn, missing, unfit);
    const points = [...sets.values()].flat();
    const datasets = [...sets].sort(([a], [b]) => a - b).map(([method, points]) => {
      const style = styleOf(method);
      return { label: page.methods[method], data: points, pointStyle: style.shape, backgroundColor: style.color, borderColor: style.color, radius: 5, hoverRadius: 7, hitRadius: 8, borderWidth: 1.5 };
    });
    const better = (figure) => titleOf(figure) + ({ least: ', less is better', most: ', more is better' }[figure.prefer] ?? '');
    const said = (axis, point, half) => `${axis.figure.title}: ${spelled(point)}${half ? ` ± ${spelled(half)}` : ''}${axis.figure.unit ? ` ${axis.figure.unit}` : ''}`;
    return {
      words: `${y.figure.title} against ${x.figure.title}, ${drawn} cells. The table has the same figures.`,
      config: {
        type: 'scatter',
        data: { datasets },
        plugins: [whiskers],
        options: {
          interaction: { mode: 'nearest', intersect: true },
          scales: {
            x: axis(better(x.figure), x.isLog, x.isLog ? padded(points.map((p) => p.x)) : {}),
            y: axis(better(y.figure), y.isLog, y.isLog ? padded(points.map((p) => p.y)) : {}),
          },
          plugins: {
            legend: { display: false },
            tooltip: tooltip({
              title: (items) => (items.length ? labelOf(items[0].raw.cell) : ''),
              label: ({ raw }) => [said(x, raw.x, raw.xHalf), said(y, raw.y, raw.yHalf), `completed runs: ${raw.cell.runs}`],
            }),
          },
        },
      },
    };
  }

  function note(drawn, missing, unfit) {
    const parts = [`${drawn} cells; bars are 95 % intervals over the seeds.`];
    if (missing) parts.push(`${missing} without both figures.`);
    if (unfit) parts.push(`${unfit} not above zero, where a logarithmic axis has no place.`);
    document.getElementById('scatternote').textContent = parts.join(' ');
  }
}

// whiskers draws intervals behind the points. What would be below zero on a logarithmic axis goes to the edge.
const whiskers = {
  id: 'whiskers',
  beforeDatasetsDraw({ ctx, data, chartArea, scales }) {
    const place = (scale, value, low, high) => {
      const at = scale.type === 'logarithmic' && value <= 0 ? scale.min : value;
      return Math.max(low, Math.min(high, scale.getPixelForValue(at)));
    };
    ctx.save();
    ctx.globalAlpha = 0.45;
    ctx.lineWidth = 1.25;
    for (const set of data.datasets) {
      ctx.strokeStyle = set.borderColor;
      ctx.beginPath();
      for (const p of set.data) {
        const [x, y] = [scales.x.getPixelForValue(p.x), scales.y.getPixelForValue(p.y)];
        if (p.xHalf) {
          ctx.moveTo(place(scales.x, p.x - p.xHalf, chartArea.left, chartArea.right), y);
          ctx.lineTo(place(scales.x, p.x + p.xHalf, chartArea.left, chartArea.right), y);
        }
        if (p.yHalf) {
          ctx.moveTo(x, place(scales.y, p.y - p.yHalf, chartArea.top, chartArea.bottom));
          ctx.lineTo(x, place(scales.y, p.y + p.yHalf, chartArea.top, chartArea.bottom));
        }
      }
      ctx.stroke();
    }
    ctx.restore();
  },
};
