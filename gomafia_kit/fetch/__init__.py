"""Asks -> answers: from the archive, or from the site with good manners."""
