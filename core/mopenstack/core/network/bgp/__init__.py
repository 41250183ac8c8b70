"""BGP speakers and peers."""
