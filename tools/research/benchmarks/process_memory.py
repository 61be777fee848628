"""What the kernel says of this process's memory."""


def megabytes(field: str) -> float:
    """``VmRSS``, what this process holds now, or ``VmHWM``, the most it ever held, in MB.

    Not ``ru_maxrss``: there a process takes over the peak of the one that started it.
    """
    with open('/proc/self/status', encoding='ascii') as file:
        return next(int(line.split()[1]) for line in file if line.startswith(f'{field}:')) / 1024
