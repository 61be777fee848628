// Two videos and a page with one play head. Times are those of the source, in seconds.
class Player {
  constructor(times, sources, onTime) {
    this.times = times;
    this.onTime = onTime;
    this.time = times[0] || 0;
    this.rate = 1;
    this.playing = false;
    this.videos = [];
    for (const name of ['original', 'overlay']) {
      const source = sources[name], figure = document.getElementById(name + '-figure');
      if (!source) { figure.hidden = true; figure.style.display = 'none'; continue; }
      const video = document.getElementById(name);
      video.addEventListener('error', () => this.drop(video, figure, source.name));
      video.addEventListener('loadeddata', () => this.align(true));
      const entry = {element: video, offset: source.offset, wanted: null, seeks: 0};
      video.addEventListener('seeked', () => {
        const {wanted} = entry;
        entry.wanted = null;
        if (wanted !== null) this.go(entry, wanted); else this.confirm(entry);
      });
      this.videos.push(entry);
      video.src = source.src;
    }
  }

  // a video that the browser cannot show leaves the rest of the page usable
  drop(video, figure, name) {
    this.videos = this.videos.filter(entry => entry.element !== video);
    video.hidden = true;
    const fault = figure.querySelector('.fault');
    fault.textContent = 'This browser cannot show ' + name + ' here: is the file beside the report?';
    fault.hidden = false;
  }

  get end() { return this.times[this.times.length - 1] || 0; }

  // position of the frame on screen at a time: the last one that has begun
  position(time = this.time) {
    let low = 0, high = this.times.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.times[middle] <= time + 1e-4) low = middle; else high = middle - 1;
    }
    return low;
  }

  seek(time) {
    this.time = Math.min(Math.max(time, this.times[0] || 0), this.end);
    this.align(true);
    this.onTime(this.time);
  }

  step(frames) {
    this.pause();
    const position = Math.min(Math.max(this.position() + frames, 0), this.times.length - 1);
    this.seek(this.times[position]);
  }

  // half a frame in, so that rounding in a decoder does not show the frame before
  align(force) {
    const position = this.position(), begin = this.times[position];
    const half = position + 1 < this.times.length ? (this.times[position + 1] - begin) / 2 : 0.005;
    for (const entry of this.videos) {
      const wanted = (this.playing ? this.time : begin + half) - entry.offset;
      if (force || Math.abs(entry.element.currentTime - wanted) > 0.06) this.aim(entry, Math.max(wanted, 0));
    }
  }

  // One seek at a time: a seek that interrupts another can leave the earlier picture on the screen,
  // and a quick hand on the slider would restart the decoder at each move. The last wish wins.
  aim(entry, wanted) {
    if (entry.element.seeking) entry.wanted = wanted; else this.go(entry, wanted);
  }

  go(entry, wanted, tries = 0) {
    entry.seeks += 1;
    entry.tries = tries;
    entry.shown = false;
    entry.element.requestVideoFrameCallback?.(() => { entry.shown = true; });
    entry.element.currentTime = wanted;
  }

  // Chromium says at times that a seek is over and leaves the earlier picture on the screen. Where no new one
  // has come a quarter of a second later, it is asked again, a thousandth of a second on.
  confirm(entry) {
    const {seeks} = entry, {element} = entry;
    setTimeout(() => {
      const stale = !entry.shown && entry.seeks === seeks && !element.seeking && !this.playing;
      if (stale && element.requestVideoFrameCallback && entry.tries < 4)
        this.go(entry, element.currentTime + (entry.tries % 2 ? -0.001 : 0.001), entry.tries + 1);
    }, 250);
  }

  toggle() { if (this.playing) this.pause(); else this.play(); }

  play() {
    if (this.playing || this.times.length < 2) return;
    if (this.time >= this.end - 1e-6) this.time = this.times[0];
    this.playing = true;
    this.align(true);
    for (const {element} of this.videos) { element.playbackRate = this.rate; element.play().catch(() => {}); }
    let last = performance.now();
    const tick = now => {
      if (!this.playing) return;
      // the first video that runs is the clock; without one the page keeps its own
      const master = this.videos.find(({element}) => !element.paused && element.readyState > 2);
      this.time = master ? master.element.currentTime + master.offset : this.time + (now - last) / 1000 * this.rate;
      last = now;
      if (this.time >= this.end) { this.pause(); this.seek(this.end); return; }
      for (const entry of this.videos) {
        const {element, offset} = entry;
        if (master && element !== master.element && Math.abs(element.currentTime + offset - this.time) > 0.08)
          this.aim(entry, this.time - offset);
      }
      this.onTime(this.time);
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
    this.onTime(this.time);
  }

  pause() {
    this.playing = false;
    for (const {element} of this.videos) element.pause();
    this.onTime(this.time);
  }

  setRate(rate) {
    this.rate = rate;
    for (const {element} of this.videos) element.playbackRate = rate;
  }
}
