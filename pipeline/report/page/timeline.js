// A row per track: where the person is, hatched where it was bridged.
class Timeline {
  constructor(parent, page) {
    this.page = page;
    this.rows = page.tracks.map(track => {
      const row = document.createElement('div');
      row.className = 'track';
      row.dataset.track = track.id;
      row.innerHTML = '<b></b><div></div>';
      row.firstChild.textContent = track.id;
      const bar = row.lastChild;
      for (const [kind, runs] of [['present', track.present], ['filled', track.filled]])
        for (const [from, to] of runs) bar.append(this.piece(kind, track.colour, from, to));
      bar.append(Object.assign(document.createElement('div'), {className: 'head'}));
      row.addEventListener('click', event => {
        const area = bar.getBoundingClientRect(), share = (event.clientX - area.left) / area.width;
        page.choose(track.id);
        if (share >= 0 && share <= 1) page.player.seek(page.start + share * page.duration);
      });
      parent.append(row);
      return row;
    });
  }

  piece(kind, colour, from, to) {
    const piece = document.createElement('i'), {start, duration, player} = this.page;
    const left = (player.times[from] - start) / duration, right = (player.times[to] - start) / duration;
    piece.className = kind;
    piece.style.left = 100 * left + '%';
    piece.style.width = 100 * (right - left) + '%';
    if (kind === 'present') piece.style.backgroundColor = colour;
    return piece;
  }

  choose(id) { for (const row of this.rows) row.classList.toggle('chosen', +row.dataset.track === id); }

  move(time) {
    const left = 100 * (time - this.page.start) / this.page.duration + '%';
    for (const row of this.rows) row.querySelector('.head').style.left = left;
  }
}
