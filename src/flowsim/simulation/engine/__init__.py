"""One replication: a pathway compiled to arrays, the compiled kernel, the SimPy reference, and the trace both leave."""
