"""What OpenVINO is told wherever it runs a graph here, and what is worth saying of its errors."""


def plan(graph, precision: str, threads: int, copies: int = 1):
    """Compile a graph for the CPU.

    Args:
        graph: an ``openvino.Model``.
        precision: ``f32``; or ``bf16`` or ``auto``, which are f32 on CPUs that do not multiply bfloat16.
        threads: of each copy.
        copies: that may run at once, over the same weights.

    Returns:
        An ``openvino.CompiledModel``.
    """
    import openvino

    if precision != 'f32':
        precision = 'bf16' if multiplies_bf16() else 'f32'
    return openvino.Core().compile_model(
        graph,
        'CPU',
        {
            'PERFORMANCE_HINT': 'LATENCY',
            'INFERENCE_PRECISION_HINT': precision,
            'NUM_STREAMS': copies,
            'INFERENCE_NUM_THREADS': copies * threads,
            # threads bound to cores of two networks would share the first core and leave the others idle
            'ENABLE_CPU_PINNING': False,
        },
    )


def multiplies_bf16() -> bool:
    """Whether OpenVINO can compute in bfloat16 on this CPU."""
    import openvino

    return 'BF16' in openvino.Core().get_property('CPU', 'OPTIMIZATION_CAPABILITIES')


def gist(error: Exception) -> str:
    """The line of OpenVINO's long messages that says what was wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if 'No conversion rule' in line] or lines[-1:]
    return telling[0][:120] if telling else type(error).__name__
