"""The rpcs of `swath.worker.v1.WorkerService`."""
