"""Reports on the poses of a video: an HTML page, and plots for papers.

write_report('out/clip.html', 'out/clip_poses.json', 'out/clip_overlay.mp4', 'clip.mp4')
write_plots('out/plots', 'out/clip_poses.json')
"""

from pipeline.report.html import write_report
from pipeline.report.plots import write_plots

__all__ = ['write_plots', 'write_report']
