// What all charts have in common: colours, axes, legends, and when they are drawn.
const dark = matchMedia('(prefers-color-scheme: dark)');
let isPrinting = false;

// theme are the colours of the page, and colours of series that a colour-blind reader can tell apart (Okabe and Ito, 2008).
function theme() {
  if (dark.matches && !isPrinting) {
    return { ink: '#ececec', quiet: '#a8a8a8', line: '#3a3a3a', paper: '#181818', series: ['#4aa3df', '#f0803c', '#19b88a', '#dd8fbb', '#e69f00', '#8fd0f5', '#a6a6a6'] };
  }
  return { ink: '#1c1c1c', quiet: '#5c5c5c', line: '#e4e4e4', paper: '#fff', series: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#707070'] };
}
const shapes = ['circle', 'triangle', 'rect', 'rectRot', 'star', 'crossRot'];
const dashes = [[], [6, 3], [2, 2], [9, 3, 2, 3], [14, 4], [4, 6]];
const styleOf = (i) => {
  const series = theme().series;
  const round = Math.floor(i / series.length);
  return { color: series[i % series.length], shape: shapes[round % shapes.length], dash: dashes[round % dashes.length] };
};

// spelled writes a number short, and with a true minus sign.
function spelled(x) {
  const size = Math.abs(x);
  const text = x === 0 ? '0' : size >= 1e5 || size < 1e-3 ? x.toExponential(2).replace(/\.?0+e/, 'e').replace('e+', 'e') : String(Number(x.toPrecision(4)));
  return text.replaceAll('-', '−');
}

// sparse leaves the ticks of a logarithmic axis that there is room for: powers of ten, or every so many of them, and where there
// are few, 2 and 5 times them.
function sparse(scale) {
  const [low, high] = [Math.log10(scale.min), Math.log10(scale.max)];
  const room = Math.max(2, scale.isHorizontal() ? scale.chart.width / 55 : scale.chart.height / 32);
  const times = 3 * (high - low) <= room ? [1, 2, 5] : [1];
  const every = Math.ceil((high - low) / room);
  const values = [];
  for (let k = Math.floor(low); k <= high; k++) {
    if (k % every === 0) values.push(...times.map((m) => m * 10 ** k));
  }
  const inside = values.filter((v) => v >= scale.min * (1 - 1e-9) && v <= scale.max * (1 + 1e-9));
  if (inside.length > 0) scale.ticks = inside.map((value) => ({ value }));
}

// padded is the range of a logarithmic axis with room at both ends; empty: there are no values.
function padded(values) {
  if (values.length === 0) return {};
  const [low, high] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, 0]);
  const room = (high / low) ** 0.04 * 1.02;
  return { min: low / room, max: high * room };
}

const titleOf = (figure) => figure.title + (figure.unit && figure.title !== 'seconds' ? ` (${figure.unit})` : '');

// axis is one with a title, a logarithmic one for a range that padded has made.
function axis(title, isLog, range = {}) {
  const t = theme();
  return {
    type: isLog ? 'logarithmic' : 'linear',
    ...range,
    title: { display: Boolean(title), text: title, color: t.quiet },
    grid: { color: t.line, tickColor: t.line },
    border: { color: t.quiet },
    ticks: { color: t.quiet, maxRotation: 0, autoSkip: !isLog, autoSkipPadding: 12, callback: (value) => spelled(value) },
    ...(isLog && { afterBuildTicks: sparse }),
  };
}

function tooltip(callbacks) {
  const t = theme();
  return { backgroundColor: t.paper, borderColor: t.quiet, borderWidth: 1, titleColor: t.ink, bodyColor: t.ink, padding: 8, usePointStyle: true, callbacks };
}

// A slot is a place for a chart, which is drawn when it comes into view, and anew when anything changes.
const slots = new Map();
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const slot = slots.get(entry.target);
    slot.isNear = entry.isIntersecting;
    if (slot.isNear && slot.isStale) draw(slot);
  }
}, { rootMargin: '300px' });

// addSlot puts a canvas into a box. build gives the chart's configuration, and what it shows in words.
function addSlot(box, build) {
  const canvas = create('canvas');
  canvas.setAttribute('role', 'img');
  box.append(canvas);
  const slot = { box, canvas, build, chart: null, isStale: true, isNear: false };
  slots.set(box, slot);
  watcher.observe(box);
  return slot;
}

function draw(slot) {
  const { config, words } = slot.build();
  slot.chart?.destroy();
  slot.canvas.setAttribute('aria-label', words);
  config.options = { animation: false, responsive: true, maintainAspectRatio: false, ...config.options };
  slot.chart = new Chart(slot.canvas, config);
  slot.isStale = false;
}

function redraw(...list) {
  for (const slot of list) {
    slot.isStale = true;
    if (slot.isNear || isPrinting) draw(slot);
  }
}

function makeCharts() {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  dark.addEventListener('change', () => {
    redraw(...slots.values());
    onTheme.forEach((tell) => tell());
  });
  addEventListener('beforeprint', () => {
    isPrinting = true;
    redraw(...[...slots.values()].filter((slot) => slot.box.offsetParent));
    onTheme.forEach((tell) => tell());
  });
  addEventListener('afterprint', () => {
    isPrinting = false;
    redraw(...slots.values());
    onTheme.forEach((tell) => tell());
  });
}
const onTheme = [];

// makeLegend fills a box with a button for each series in use, which hides it and shows it. It returns whether one is hidden.
function makeLegend(box, names, used, isLine, change) {
  const hidden = new Set();
  const fill = () => {
    box.replaceChildren(...[...used].sort((a, b) => a - b).map((i) => {
      const button = create('button', { type: 'button' }, sample(i, isLine), names[i]);
      button.setAttribute('aria-pressed', String(!hidden.has(i)));
      button.addEventListener('click', () => {
        if (!hidden.delete(i)) hidden.add(i);
        button.setAttribute('aria-pressed', String(!hidden.has(i)));
        change();
      });
      return button;
    }));
  };
  fill();
  onTheme.push(fill);
  return (i) => hidden.has(i);
}

// sample is the line or the point of a series.
function sample(i, isLine) {
  const style = styleOf(i);
  const part = (name, attributes) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const svg = part('svg', { width: isLine ? 26 : 14, height: 14, 'aria-hidden': 'true' });
  const paths = {
    circle: 'M7 2.5a4.5 4.5 0 1 0 .01 0z', triangle: 'M7 2l5 9H2z', rect: 'M3 3h8v8H3z', rectRot: 'M7 1.5 12.5 7 7 12.5 1.5 7z',
    star: 'M7 1v12M1 7h12M3 3l8 8M11 3l-8 8', crossRot: 'M3 3l8 8M11 3l-8 8',
  };
  const line = { stroke: style.color, 'stroke-width': 2 };
  svg.append(isLine
    ? part('path', { d: 'M1 7h24', fill: 'none', 'stroke-dasharray': style.dash.join(' '), ...line })
    : part('path', { d: paths[style.shape], fill: style.color, ...line, 'stroke-width': 1.5 }));
  return svg;
}
