"""Batches of videos: a manifest, workers here or on a cluster, resumable after a kill.

report = run_batch(find_videos(['recordings/']), BatchSettings('embedded', outputs=OutputOptions(Path('out'))),
                   lambda settings: LocalCrew(settings, size=2))
"""

from pipeline.batch.local_crew import LocalCrew
from pipeline.batch.ray_crew import RayCrew
from pipeline.batch.run import BatchReport, run_batch
from pipeline.batch.settings import BatchSettings
from pipeline.batch.videos import Video, find_videos

__all__ = ['BatchReport', 'BatchSettings', 'LocalCrew', 'RayCrew', 'Video', 'find_videos', 'run_batch']
