"""Batches of videos: a manifest, workers here or on a cluster, resumable after a kill.

report = run_batch(find_videos(['recordings/']), BatchSettings('embedded', outputs=OutputOptions(Path('out'))),
                   lambda settings: LocalPool(settings, size=2))
"""

from pipeline.batch.local_pool import LocalPool
from pipeline.batch.ray_pool import RayPool
from pipeline.batch.run import BatchReport, run_batch
from pipeline.batch.settings import BatchSettings
from pipeline.batch.videos import Video, find_videos

__all__ = ['BatchReport', 'BatchSettings', 'LocalPool', 'RayPool', 'Video', 'find_videos', 'run_batch']
