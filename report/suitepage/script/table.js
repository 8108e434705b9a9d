// Sorting, filtering and the choice of figures.
const collator = new Intl.Collator('en', { numeric: true });

// keyOf is what a row is sorted by in a column; undefined: nothing, and the row comes last.
function keyOf(cell, column) {
  if (column < firstFigure) return cell.axes[column];
  return numberIn(cell.row.cells[column].dataset.v);
}

function sortBy(column, direction) {
  const sorted = [...cells];
  if (direction) {
    sorted.sort((a, b) => {
      const x = keyOf(a, column);
      const y = keyOf(b, column);
      if (x === undefined || y === undefined) return (x === undefined) - (y === undefined) || a.id - b.id;
      const order = typeof x === 'number' ? x - y : collator.compare(x, y);
      return direction * order || a.id - b.id;
    });
  }
  table.tBodies[0].append(...sorted.map((cell) => cell.row));
  heads.forEach((th, i) => {
    th.setAttribute('aria-sort', i !== column || !direction ? 'none' : direction > 0 ? 'ascending' : 'descending');
  });
}

// Heads become buttons: the better end first, then the other, then the order of the suite.
function makeSortable() {
  heads.forEach((th, column) => {
    const button = create('button', { type: 'button' }, ...th.childNodes);
    th.append(button);
    th.setAttribute('aria-sort', 'none');
    const figure = page.figures[column - firstFigure];
    const first = figure?.prefer === 'most' || column === runsColumn ? -1 : 1;
    button.addEventListener('click', () => {
      const now = th.getAttribute('aria-sort');
      const direction = now === 'none' ? 0 : now === 'ascending' ? 1 : -1;
      sortBy(column, direction === 0 ? first : direction === first ? -first : 0);
    });
  });
}

function showFigure(number, isShown) {
  const column = firstFigure + number;
  heads[column].hidden = !isShown;
  for (const cell of cells) cell.row.cells[column].hidden = !isShown;
}

function makeChoice() {
  const choice = document.getElementById('choice');
  const boxes = [...choice.querySelectorAll('input')];
  const count = () => {
    document.getElementById('chosen').textContent = `${boxes.filter((box) => box.checked).length} of ${boxes.length} shown`;
  };
  for (const box of boxes) {
    if (!box.checked) showFigure(Number(box.value), false);
    box.addEventListener('change', () => {
      showFigure(Number(box.value), box.checked);
      count();
    });
  }
  count();
  choice.hidden = boxes.length < 2;
}

function makeFilter() {
  const form = document.getElementById('filter');
  const selects = [...form.querySelectorAll('select')];
  const count = document.getElementById('count');
  const reset = document.getElementById('reset');
  let before = '';
  const apply = () => {
    const words = form.elements.find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = selects.filter((s) => s.value).map((s) => [Number(s.dataset.axis), s.selectedOptions[0].textContent]);
    const state = JSON.stringify([words, wanted]);
    if (state === before) return;
    before = state;
    let shown = 0;
    for (const cell of cells) {
      cell.isShown = words.every((w) => cell.words.includes(w)) && wanted.every(([axis, value]) => cell.axes[axis] === value);
      cell.row.hidden = !cell.isShown;
      shown += cell.isShown;
    }
    const isAll = shown === cells.length;
    count.textContent = isAll ? `${cells.length} cells` : `${shown} of ${cells.length} cells`;
    reset.disabled = words.length + wanted.length === 0;
    onFilter.forEach((tell) => tell());
  };
  let timer;
  form.elements.find.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(apply, cells.length > 500 ? 200 : 0);
  });
  form.addEventListener('change', apply);
  form.addEventListener('reset', () => setTimeout(apply));
  form.addEventListener('submit', (event) => event.preventDefault());
  form.hidden = false;
  apply();
}
