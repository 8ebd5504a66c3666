"""placeholder"""
def performance(windows, reference, settings):
    return []
