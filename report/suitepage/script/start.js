// show shows what only a program can fill, and the links to it.
function show(section) {
  section.hidden = false;
  const link = document.querySelector(`nav a[href="#${section.id}"]`);
  if (link) link.hidden = false;
}

// The table of a suite is in the page as gzip: where the browser can unpack it, it is saved as CSV.
function makeDownloads() {
  if (typeof DecompressionStream === 'undefined') return;
  for (const link of document.querySelectorAll('a.packed')) {
    const name = link.download.replace(/\.gz$/, '');
    link.textContent = name;
    link.addEventListener('click', async (event) => {
      event.preventDefault();
      const packed = Uint8Array.from(atob(link.getAttribute('href').split(',')[1]), (c) => c.charCodeAt(0));
      const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
      const address = URL.createObjectURL(new Blob([await new Response(stream).arrayBuffer()], { type: 'text/csv' }));
      create('a', { href: address, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    });
  }
}

makeSortable();
makeChoice();
makeGrid();
makeCharts();
makeScatter();
makeCurves();
makeFilter();
makeDownloads();
