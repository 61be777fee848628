"""A headless Chromium, driven over its debugging pipe: no driver, no port, no package."""

import base64
import json
import os
import subprocess
import time

_FLAGS = (
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-sync',
    '--disable-background-networking',
    '--disable-component-update',
    '--hide-scrollbars',
    '--force-device-scale-factor=1',
    '--window-size=1400,1300',
    '--remote-debugging-pipe',
)


class Browser:
    """One tab. Messages are JSON ended by a zero byte (Chrome DevTools Protocol)."""

    def __init__(self, program: str, profile: str):
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()

        def connect():  # Chromium reads at 3 and writes at 4
            spare = [os.dup(to_browser), os.dup(from_browser)]
            for fd, source in zip((3, 4), spare):
                os.dup2(source, fd)

        self._process = subprocess.Popen(
            [program, *_FLAGS, f'--user-data-dir={profile}'],
            preexec_fn=connect,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._received, self._last, self._session = b'', 0, None
        self.requests = []
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self._session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Network'):
            self.call(f'{domain}.enable')

    def call(self, method: str, **params) -> dict:
        self._last += 1
        message = dict(id=self._last, method=method, params=params)
        if self._session:
            message['sessionId'] = self._session
        os.write(self._out, json.dumps(message).encode() + b'\0')
        while True:
            answer = self._receive()
            if answer.get('method') == 'Network.requestWillBeSent':
                self.requests.append(answer['params']['request']['url'])
            if answer.get('id') == self._last:
                assert 'error' not in answer, answer['error']
                return answer['result']

    def _receive(self) -> dict:
        while b'\0' not in self._received:
            chunk = os.read(self._in, 1 << 20)
            assert chunk, 'Chromium has ended'
            self._received += chunk
        message, self._received = self._received.split(b'\0', 1)
        return json.loads(message)

    def evaluate(self, expression: str):
        """Value of a JavaScript expression; promises are awaited."""
        result = self.call('Runtime.evaluate', expression=expression, returnByValue=True, awaitPromise=True)
        assert 'exceptionDetails' not in result, result['exceptionDetails']
        return result['result'].get('value')

    def until(self, expression: str, seconds: float = 60):
        """Wait until an expression is true."""
        deadline = time.monotonic() + seconds
        while not self.evaluate(expression):
            assert time.monotonic() < deadline, f'still not: {expression}'
            time.sleep(0.05)

    def open(self, url: str):
        self.call('Page.navigate', url='about:blank')  # the last page asks no more, and its fragment is no place here
        self.until('document.readyState === "complete" && location.href === "about:blank"')
        self.requests.clear()
        self.call('Page.navigate', url=url)
        self.until('document.body && document.body.dataset.ready === "true"')

    def click(self, x: float, y: float):
        for kind in ('mousePressed', 'mouseReleased'):
            self.call('Input.dispatchMouseEvent', type=kind, x=x, y=y, button='left', clickCount=1)

    def drag(self, *points):
        """Press at the first point, move over the others, release at the last."""
        for kind, (x, y) in (
            ('mousePressed', points[0]),
            *(('mouseMoved', p) for p in points[1:]),
            ('mouseReleased', points[-1]),
        ):
            self.call(
                'Input.dispatchMouseEvent',
                type=kind,
                x=x,
                y=y,
                button='left',
                clickCount=1,
                buttons=0 if kind == 'mouseReleased' else 1,
            )

    def box(self, selector: str):
        """Left, top, width and height of an element, scrolled into view."""
        return self.evaluate(
            f'(() => {{ const e = document.querySelector({json.dumps(selector)}); '
            'e.scrollIntoView({block: "nearest"}); const b = e.getBoundingClientRect(); '
            'return [b.left, b.top, b.width, b.height]; })()'
        )

    def screenshot(self) -> bytes:
        return base64.b64decode(self.call('Page.captureScreenshot', format='png')['data'])

    def close(self):
        os.close(self._out)
        os.close(self._in)
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
