// Puts the page together, and talks to the server. All addresses are relative: the token is in front of them.
class Refused extends Error {
  constructor(status, message) { super(message); this.status = status; }
}

const GONE = 'The server has ended. Start it again and open the address that it prints; corrections are kept as they are listed.';

class Api {
  async ask(path, options, kind) {
    let response;
    try { response = await fetch(path, options); } catch { throw new Refused(0, GONE); }
    if (response.ok) return kind === 'bytes' ? response.arrayBuffer() : response.json();
    const answer = await response.json().catch(() => ({error: `the server says ${response.status}`}));
    throw new Refused(response.status, answer.error);
  }

  post(path, body, method = 'POST', kind = 'json') {
    return this.ask(path, {method, headers: {'content-type': 'application/json'}, body: JSON.stringify(body)}, kind);
  }

  state() { return this.ask('api/state'); }
  run(name, force) { return this.post('api/run', {name, force}); }
  stop() { return this.post('api/stop', {}); }
  result(stem) { return this.ask(`api/result/${encodeURIComponent(stem)}`, {}, 'bytes'); }
  correct(stem, base, corrections) { return this.post(`api/corrections/${encodeURIComponent(stem)}`, {base, corrections}, 'PUT', 'bytes'); }

  async export(stem, formats) {
    try { files.mine = (await this.post(`api/export/${encodeURIComponent(stem)}`, {formats})).number; } catch (error) { this.say(error.message, true); }
    files.refresh();
  }

  // fetch does not say how much it has sent
  upload(request, file, onShare) {
    return new Promise((done, fail) => {
      request.open('PUT', `api/upload?name=${encodeURIComponent(file.name)}`);
      request.upload.onprogress = event => onShare(event.loaded / (event.total || 1));
      request.onload = () => {
        let answer;
        try { answer = JSON.parse(request.responseText); } catch { answer = {error: `the server says ${request.status}`}; }
        if (request.status === 200) done(answer); else fail(new Refused(request.status, answer.error));
      };
      request.onerror = () => fail(new Refused(0, `${file.name}: was not taken; is the server still there?`));
      request.onabort = () => fail(new Refused(0, `${file.name}: stopped`));
      request.send(file);
    });
  }

  say(text, bad = false) {
    const status = document.getElementById('status');
    status.textContent = text;
    status.classList.toggle('bad', bad);
  }
}

const api = new Api();
let editor = null;

async function open(stem) {
  try {
    api.say('opening …');
    const buffer = await api.result(stem);
    if (editor) editor.close();
    api.say('');
    editor = new Editor(api, buffer);
    files.opened = stem;
    history.replaceState(null, '', '#' + encodeURIComponent(stem));
    const {result} = editor;
    document.title = `${stem} – smooth poses`;
    document.getElementById('facts').textContent = `${stem}: ${result.width} x ${result.height}, ${result.fps.toFixed(4).replace(/\.?0+$/, '')} frames per second, `
      + `${result.times.length} frames, ${result.tracks.length} ${result.tracks.length === 1 ? 'person' : 'people'}. Everything stays on this machine.`;
    document.body.dataset.opened = stem;
  } catch (error) { api.say(error.message, true); }
  files.refresh();
}

const files = new Files(api, open);
files.refresh().then(async () => {
  const stem = decodeURIComponent(location.hash.slice(1));
  if (stem) await open(stem);
  document.body.dataset.ready = 'true';
});
