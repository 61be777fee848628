"""Whatever runs a network: OpenMMLab's libraries, graph runtimes, threads."""
