"""The benchmarks of the session endpoint: servers are started, loaded and stopped one after the other."""
