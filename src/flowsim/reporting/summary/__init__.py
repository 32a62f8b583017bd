"""What a report begins with: the answer in a box, key figures beside today's, and what they rest on."""
