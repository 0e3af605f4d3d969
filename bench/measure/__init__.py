"""The benchmarks: servers are started, loaded and stopped one after the other."""
