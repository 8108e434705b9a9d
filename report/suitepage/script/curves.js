// How training went: small charts side by side, a line each for what they have in common.
function makeCurves() {
  const section = document.getElementById('training');
  if (!section) return;
  show(section);
  const against = document.getElementById('lookx');
  if (against) {
    const slots = makePanels('looks', page.looks, {
      panels: page.data, panelOf: (c) => c.d, lines: page.methods, lineOf: (c) => c.m, yTitle: 'KL (nats)', isLog: () => true,
      x: (c) => (against.value === 't' ? c.t : c.x), xTitle: () => (against.value === 't' ? 'seconds' : 'step'), isLogX: true, isShared: true,
    });
    against.addEventListener('change', () => redraw(...slots));
  }
  if (document.getElementById('losses')) {
    makePanels('losses', page.losses, {
      panels: page.methods, panelOf: (c) => c.m, lines: page.data, lineOf: (c) => c.d, yTitle: '', isLog: isWide,
      x: (c) => c.x, xTitle: () => 'step', isLogX: false, isShared: false,
    });
  }
}

// isWide says whether values are positive and of different orders of magnitude.
function isWide(values) {
  return Math.min(...values) > 0 && Math.max(...values) >= 10 * Math.min(...values);
}

// frame is the range without the outermost values, where these would flatten the others; empty: it needs no cut.
function frame(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  const [low, high] = [at(0.01), at(0.97)];
  if (high - low > (sorted.at(-1) - sorted[0]) / 4) return {};
  const pad = 0.08 * (high - low) || Math.abs(high) || 1;
  return { min: low - pad, max: high + pad };
}

function makePanels(id, curves, o) {
  const box = document.getElementById(id);
  const byPanel = new Map();
  for (const c of curves) {
    if (!byPanel.has(o.panelOf(c))) byPanel.set(o.panelOf(c), []);
    byPanel.get(o.panelOf(c)).push(c);
  }
  const panels = [];
  let isHidden = () => false;
  for (const [number, list] of [...byPanel].sort(([a], [b]) => a - b)) {
    const plot = create('div', { className: 'plot' });
    const note = create('small');
    const figure = create('figure', {}, create('figcaption', {}, `${o.panels[number]} `, note), plot);
    box.append(figure);
    panels.push({ number, figure, slot: addSlot(plot, () => build(number, list, note)) });
  }
  const slots = panels.map((p) => p.slot);
  isHidden = makeLegend(document.getElementById(`${id}legend`), o.lines, new Set(curves.map(o.lineOf)), true, () => redraw(...slots));
  let shown = new Set(cells.map((cell) => `${cell.method}:${cell.data}`));
  onFilter.push(() => {
    // A curve of a cell that the table has no room for is shown as long as nothing is filtered.
    const isAll = cells.every((cell) => cell.isShown);
    shown = isAll ? null : new Set(cells.filter((cell) => cell.isShown).map((cell) => `${cell.method}:${cell.data}`));
    for (const p of panels) p.figure.hidden = !byPanel.get(p.number).some(isIn);
    redraw(...slots);
  });
  const isIn = (c) => !shown || shown.has(`${c.m}:${c.d}`);

  const pointsOf = (list) => list.filter((c) => isIn(c) && !isHidden(o.lineOf(c))).map((c) => {
    const xs = o.x(c) ?? [];
    return { c, points: xs.map((x, i) => ({ x, y: c.y[i] })).filter((p) => p.x !== null && p.y !== null) };
  });
  // What is compared from panel to panel has the same axes in all of them.
  const range = (points, key) => padded(points.map((p) => p[key]).filter((v) => v > 0));

  function build(number, list, note) {
    const lines = pointsOf(list);
    const all = (o.isShared ? pointsOf(curves) : lines).flatMap((l) => l.points);
    const isLogX = o.isLogX;
    const values = lines.flatMap((l) => l.points.map((p) => p.y));
    const isLog = values.length > 0 && o.isLog(values);
    const cut = isLog || values.length === 0 ? {} : frame(values);
    const outside = values.filter((y) => (isLog && y <= 0) || y < cut.min || y > cut.max).length;
    note.textContent = outside ? `${outside} values beyond the frame` : '';
    const datasets = lines.map(({ c, points }) => {
      const style = styleOf(o.lineOf(c));
      const data = points.filter((p) => (!isLog || p.y > 0) && (!isLogX || p.x > 0));
      return { label: o.lines[o.lineOf(c)], data, runs: c.n, borderColor: style.color, backgroundColor: style.color, borderDash: style.dash, borderWidth: 1.75, pointRadius: data.length > 1 ? 0 : 3, pointHitRadius: 6, tension: 0 };
    });
    return {
      words: `${id === 'looks' ? 'KL' : 'Loss'} against ${o.xTitle()} of ${o.panels[number]}: ${datasets.map((d) => d.label).join(', ')}`,
      config: {
        type: 'line',
        data: { datasets },
        options: {
          parsing: false,
          interaction: { mode: 'nearest', axis: 'xy', intersect: false },
          scales: { x: axis(o.xTitle(), isLogX, isLogX ? range(all, 'x') : {}), y: axis(o.yTitle, isLog, isLog ? range(all, 'y') : cut) },
          plugins: {
            legend: { display: false },
            tooltip: tooltip({
              title: (items) => (items.length ? items[0].dataset.label : ''),
              label: (item) => [`${o.xTitle()} ${spelled(item.parsed.x)}: ${spelled(item.parsed.y)}`, `runs: ${item.dataset.runs}`],
            }),
          },
        },
      },
    };
  }
  return slots;
}
