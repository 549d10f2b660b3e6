"""What memory an import takes, and what it may take: observers and a governor beside the load."""
