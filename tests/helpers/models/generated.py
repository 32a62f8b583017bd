"""Settings of tests that draw whole pathways, which is slow and often in vain."""

from hypothesis import HealthCheck

RELAXED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
