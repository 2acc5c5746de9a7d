"""Python SDK for the Azure AI Voice Live service."""
