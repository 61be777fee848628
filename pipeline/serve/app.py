"""What can be asked: the page and its parts, videos, results, and what is to be done.

    GET  /                        the page
    GET  /page/FILE               its scripts and styles
    GET  /media/video/NAME        a video (in ranges), /media/overlay/STEM the one with poses drawn
    GET  /api/state               videos, results, and how far the run is
    PUT  /api/upload?name=NAME    a video, as the body
    POST /api/run                 {"name", "force", "start", "end"}: run a video
    POST /api/stop                stop the run
    GET  /api/result/STEM         poses with corrections, see :mod:`pipeline.serve.results`
    PUT  /api/corrections/STEM    {"base", "corrections"}: replace the corrections; the result as above
    POST /api/export/STEM         {"formats"}: write corrected files

What is wrong is ``{"error": "one line"}`` with 400, 409 (taken) or 413 (too large).
"""

import json
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Dict, List

from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from pipeline.errors import InputError, exhausted
from pipeline.files import safe_name
from pipeline.formats import format_named
from pipeline.resources import PACKAGE
from pipeline.serve.folder import Folder
from pipeline.serve.jobs import Jobs
from pipeline.serve.results import Results
from pipeline.serve.uploads import Taken, TooLarge, Uploads

_PAGE = PACKAGE / 'serve' / 'page'
_REPORT_PAGE = PACKAGE / 'report' / 'page'
#: parts of the page by name; those of the report are used as they are
_PARTS = {
    **{name: _REPORT_PAGE / name for name in ('report.css', 'player.js', 'timeline.js')},
    **{name: _PAGE / name for name in ('serve.css', 'result.js', 'stage.js', 'editor.js', 'files.js', 'serve.js')},
}
_TYPES = {'.js': 'text/javascript', '.css': 'text/css'}
_MOST_JSON = 1 << 24  # bytes of a request


@dataclass(frozen=True)
class Settings:
    """How the page runs videos.

    Attributes:
        most: bytes of an upload.
        preset, device: of the chain.
        chain: further arguments of :meth:`pipeline.VideoPipeline.from_preset`, as plain JSON values.
        python_path: folders of modules that configs name.
        command: recorded in the files.
    """

    most: int = 4_000_000_000
    preset: str = 'embedded'
    device: str = 'auto'
    chain: Dict[str, Any] = field(default_factory=dict)
    python_path: List[str] = field(default_factory=list)
    command: str = ''


def make_app(folder: Folder, settings: Settings) -> Starlette:
    """The application; it stops its run when it is shut down."""
    page = _Page(folder, settings)

    @asynccontextmanager
    async def lifespan(app: Starlette):
        yield
        await page.jobs.stop()

    routes = [
        Route('/', page.index),
        Route('/page/{name}', page.part),
        Route('/media/{kind}/{name}', page.media),
        Route('/api/state', page.state),
        Route('/api/upload', page.upload, methods=['PUT']),
        Route('/api/run', page.run, methods=['POST']),
        Route('/api/stop', page.stop, methods=['POST']),
        Route('/api/result/{stem}', page.result),
        Route('/api/corrections/{stem}', page.correct, methods=['PUT']),
        Route('/api/export/{stem}', page.export, methods=['POST']),
    ]
    handlers = {
        InputError: _refused,
        TooLarge: _refused,
        Taken: _refused,
        OSError: _out_of_space,
        ClientDisconnect: _gone,
    }
    return Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan)


class _Page:
    def __init__(self, folder: Folder, settings: Settings):
        self.folder, self.settings = folder, settings
        self.jobs, self.results, self.uploads = Jobs(), Results(folder), Uploads(folder, settings.most)

    async def index(self, request: Request) -> Response:
        return FileResponse(_PAGE / 'index.html', media_type='text/html; charset=utf-8')

    async def part(self, request: Request) -> Response:
        path = _PARTS.get(request.path_params['name'])
        if path is None:
            return JSONResponse(dict(error='no such part of the page'), 404)
        return FileResponse(path, media_type=f'{_TYPES[path.suffix]}; charset=utf-8')

    async def media(self, request: Request) -> Response:
        kind, name = request.path_params['kind'], request.path_params['name']
        try:
            path = self.folder.video(name) if kind == 'video' else self.folder.overlay(name)
        except InputError as error:
            return JSONResponse(dict(error=str(error)), 404)
        if path is None or kind not in ('video', 'overlay'):
            return JSONResponse(dict(error='no such video'), 404)
        return FileResponse(path, headers={'cache-control': 'no-cache'})

    async def state(self, request: Request) -> Response:
        files = await to_thread.run_sync(self.folder.listing)
        job = self.jobs.latest
        return JSONResponse(
            dict(folder=self.folder.root.name, files=files, most=self.settings.most, job=job and asdict(job))
        )

    async def upload(self, request: Request) -> Response:
        length = request.headers.get('content-length', '')
        name = request.query_params.get('name', '')
        path = await self.uploads.take(name, int(length) if length.isdecimal() else None, request.stream())
        return JSONResponse(dict(name=path.name))

    async def run(self, request: Request) -> Response:
        wanted = await _body(request)
        video = self.folder.video(_text(wanted, 'name'))
        settings = self.settings
        order = dict(
            kind='run',
            video=str(video),
            out=str(self.folder.out),
            force=wanted.get('force') is True,
            start=_text(wanted, 'start', empty=True) or None,
            end=_text(wanted, 'end', empty=True) or None,
            preset=settings.preset,
            device=settings.device,
            chain=settings.chain,
            python_path=settings.python_path,
            command=settings.command,
        )
        job = await self.jobs.start('run', video.name, safe_name(video.stem), order)
        return JSONResponse(asdict(job))

    async def stop(self, request: Request) -> Response:
        await self.jobs.stop()
        return JSONResponse({})

    async def result(self, request: Request) -> Response:
        return _binary(await to_thread.run_sync(self.results.content, request.path_params['stem']))

    async def correct(self, request: Request) -> Response:
        wanted = await _body(request)
        stem, base = request.path_params['stem'], _text(wanted, 'base')
        return _binary(await to_thread.run_sync(self.results.correct, stem, base, wanted.get('corrections')))

    async def export(self, request: Request) -> Response:
        wanted, stem = await _body(request), request.path_params['stem']
        formats = wanted.get('formats', ['json'])
        if not (isinstance(formats, list) and formats and all(isinstance(name, str) for name in formats)):
            raise InputError('formats: must be a list of names of formats')
        for name in formats:
            format_named(name)
        source = self.folder.source_of(stem)
        order = dict(
            kind='export',
            poses=str(self.folder.poses(stem)),
            video=source and str(source),
            out=str(self.folder.out),
            formats=formats,
        )
        return JSONResponse(asdict(await self.jobs.start('export', stem, stem, order)))


async def _body(request: Request) -> Dict[str, Any]:
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > _MOST_JSON:
            raise TooLarge(f'a request of more than {_MOST_JSON} bytes')
    try:
        value = json.loads(bytes(content) or b'{}')
    except (ValueError, RecursionError) as error:
        raise InputError('the request is no JSON') from error
    if not isinstance(value, dict):
        raise InputError('the request must be a JSON object')
    return value


def _text(value: Dict[str, Any], name: str, empty: bool = False) -> str:
    found = value.get(name, '' if empty else None)
    if empty and found is None:
        return ''
    if not isinstance(found, str):
        raise InputError(f'{name}: must be text')
    return found


def _binary(content: bytes) -> Response:
    return Response(content, media_type='application/octet-stream')


async def _refused(request: Request, error: Exception) -> Response:
    status = 413 if isinstance(error, TooLarge) else 409 if isinstance(error, Taken) else 400
    return JSONResponse(dict(error=str(error)), status)


async def _out_of_space(request: Request, error: Exception) -> Response:
    reason = exhausted(error)
    if reason is None:
        raise error
    return JSONResponse(dict(error=reason), 507)


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=400)
