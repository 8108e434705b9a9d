// The cells are read from the table, so that what is drawn is what it says.
const page = JSON.parse(document.getElementById('data').textContent);
const table = document.getElementById('table');
const heads = [...table.tHead.rows[0].cells];
const runsColumn = heads.length - 1;
const firstFigure = runsColumn - page.figures.length;

const cells = [...table.tBodies[0].rows].map((row) => ({
  row,
  id: Number(row.dataset.c),
  method: Number(row.dataset.m),
  data: Number(row.dataset.d),
  axes: [...row.cells].slice(0, firstFigure).map((td) => td.textContent),
  runs: Number(row.cells[runsColumn].dataset.v),
  words: row.textContent.toLowerCase(),
  isShown: true,
}));
const cellOf = new Map(cells.map((cell) => [cell.id, cell]));
const labelOf = (cell) => cell.axes.join(' / ');

const figureNumber = (name) => page.figures.findIndex((f) => f.name === name);
const fieldOf = (cell, figure) => cell.row.cells[firstFigure + figure];

// valueOf is the mean of a figure, and halfOf half its interval; undefined: there is none.
const valueOf = (cell, figure) => numberIn(fieldOf(cell, figure).dataset.v);
const halfOf = (cell, figure) => numberIn(fieldOf(cell, figure).dataset.h);
const numberIn = (text) => (text === undefined ? undefined : Number(text));

// create makes an element with attributes or properties and children.
function create(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

// onFilter are told whenever other cells are shown.
const onFilter = [];
