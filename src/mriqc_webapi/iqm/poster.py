"""The IQMs by which the archive was presented first."""

from typing import Final

POSTER: Final = {  # Esteban et al., ISMRM 2018, figure 3B
    'T1w': ('cjv', 'cnr', 'snr_wm', 'fwhm_avg', 'wm2max'),
    'T2w': ('cjv', 'cnr', 'snr_wm', 'fwhm_avg', 'wm2max'),
    'bold': ('fd_mean', 'dvars_nstd', 'gcor', 'gsr_x', 'gsr_y', 'tsnr'),
}
