"""What a note says about itself: title, tags, dates, paper, authors, roles of its sections."""
