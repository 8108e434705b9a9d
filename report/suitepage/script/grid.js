// The grid of methods and data: another figure, what the filter leaves, and a closer look.
function makeGrid() {
  const section = document.getElementById('grid');
  if (!section) return;
  const fields = [...section.querySelectorAll('td[data-c]')];
  const select = document.getElementById('gridfigure');
  select.closest('label').hidden = false;
  select.addEventListener('change', () => {
    const figure = figureNumber(select.value);
    for (const td of fields) {
      const text = td.querySelector('.figure');
      if (!text) continue;
      const from = fieldOf(cellOf.get(Number(td.dataset.c)), figure);
      text.replaceChildren(...[...from.childNodes].map((node) => node.cloneNode(true)));
      for (const mark of ['best', 'apart']) td.classList.toggle(mark, from.classList.contains(mark));
    }
  });
  onFilter.push(() => {
    const methods = new Set();
    const data = new Set();
    for (const cell of cells) {
      if (!cell.isShown) continue;
      methods.add(cell.method);
      data.add(cell.data);
    }
    for (const row of section.querySelectorAll('tr[data-m]')) row.hidden = !methods.has(Number(row.dataset.m));
    for (const field of section.querySelectorAll('[data-d]')) field.hidden = !data.has(Number(field.dataset.d));
  });
  for (const td of fields) {
    const image = td.querySelector('img');
    if (!image) continue;
    const cell = cellOf.get(Number(td.dataset.c));
    const button = create('button', { type: 'button', title: `A closer look at ${labelOf(cell)}` });
    image.replaceWith(button);
    button.append(image);
    button.addEventListener('click', () => lookCloser(cell, image, section.querySelector(`.truth td[data-d="${cell.data}"] img`)));
  }
}

function lookCloser(cell, image, truth) {
  const dialog = document.getElementById('closer');
  document.getElementById('closertitle').textContent = labelOf(cell);
  const shown = (from, caption) => create('figure', {}, create('img', { src: from.src, alt: from.alt }), create('figcaption', { textContent: caption }));
  const pictures = [shown(image, page.methods[cell.method])];
  if (truth) pictures.unshift(shown(truth, 'the truth'));
  dialog.querySelector('.pair').replaceChildren(...pictures);
  const list = [];
  page.figures.forEach((figure, i) => {
    if (figure.telling && valueOf(cell, i) !== undefined) {
      const value = create('dd');
      value.append(...[...fieldOf(cell, i).childNodes].map((node) => node.cloneNode(true)));
      list.push(create('dt', { textContent: figure.title }), value);
    }
  });
  dialog.querySelector('dl').replaceChildren(...list);
  dialog.showModal();
}
