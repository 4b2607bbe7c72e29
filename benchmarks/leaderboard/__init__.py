"""Every image model at one small budget: trained, judged, and pictured."""
