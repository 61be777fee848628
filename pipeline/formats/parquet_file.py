"""Parquet with the columns of the CSV (:mod:`.csv_file`), for pandas, polars, DuckDB and R; by pyarrow.

Types: frame int64, time float64 (s), track_id int64, joint a dictionary of strings, x, y, x_raw, y_raw float32 (px),
score float32 (0..1), filled bool; with ``--3d`` x_3d, y_3d, z_3d float32 (m). What is not a number is null. The run's
record is in the schema's metadata under ``run``.
"""

from typing import Any, Dict, List

import numpy as np

from pipeline.formats.csv_file import IN_SPACE
from pipeline.formats.exporter import Exporter
from pipeline.formats.tables import in_metres
from pipeline.registry import WRITERS
from pipeline.types import People

_ROWS = 1 << 17  # of a row group


@WRITERS.register_module(name='parquet')
class ParquetExporter(Exporter):
    """Writes row groups as they fill, so that memory does not grow with the video."""

    suffix = '_poses.parquet'
    packages = ('pyarrow',)

    def _open(self) -> None:
        import pyarrow
        from pyarrow import parquet

        kinds = dict(frame='int64', time='float64', track_id='int64')
        kinds.update(joint='dictionary', x='float32', y='float32', score='float32', x_raw='float32', y_raw='float32')
        kinds.update(filled='bool_')
        self._space = IN_SPACE if self.run.options.get('three_d') else ()
        kinds.update(dict.fromkeys(self._space, 'float32'))
        fields = [
            pyarrow.field(
                name,
                pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
                if kind == 'dictionary'
                else getattr(pyarrow, kind)(),
            )
            for name, kind in kinds.items()
        ]
        self._schema = pyarrow.schema(fields).with_metadata(dict(run=self.run.to_json()))
        self._held: List[Dict[str, Any]] = []
        self._num_held = 0
        self._writer = self._stack.enter_context(
            parquet.ParquetWriter(str(self._outputs.add(self.path)), self._schema, compression='zstd')
        )

    def _write(self, frame_index: int, time: float, people: People) -> None:
        joints = self.skeleton.num_keypoints
        self._held.append(
            dict(
                frame=np.full(len(people) * joints, frame_index, np.int64),
                time=np.full(len(people) * joints, time),
                track_id=np.repeat(people.track_ids.astype(np.int64), joints),
                joint=np.tile(np.arange(joints, dtype=np.int32), len(people)),
                x=people.keypoints[..., 0].ravel(),
                y=people.keypoints[..., 1].ravel(),
                score=people.keypoint_scores.ravel(),
                x_raw=people.keypoints_raw[..., 0].ravel(),
                y_raw=people.keypoints_raw[..., 1].ravel(),
                filled=np.repeat(people.filled.astype(bool), joints),
                **{name: in_metres(people)[..., axis].ravel() for axis, name in enumerate(self._space)},
            )
        )
        self._num_held += len(people) * joints
        if self._num_held >= _ROWS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow

        columns = {name: np.concatenate([held[name] for held in self._held]) for name in self._held[0]}
        arrays = []
        for field in self._schema:
            values = columns[field.name]
            if field.name == 'joint':
                arrays.append(pyarrow.DictionaryArray.from_arrays(values, list(self.skeleton.names)))
                continue
            missing = ~np.isfinite(values) if values.dtype.kind == 'f' else None
            arrays.append(pyarrow.array(values, field.type, mask=missing))
        self._writer.write_table(pyarrow.Table.from_arrays(arrays, schema=self._schema))
        self._held, self._num_held = [], 0

    def _finish(self) -> None:
        if self._num_held:
            self._flush()
