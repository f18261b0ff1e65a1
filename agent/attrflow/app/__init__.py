"""The one place that chooses: settings, secrets, library, wiring, laboratory, and the operations under every face."""
