"""What every network of ours needs: a torch that starts, checked weights, ordinal heads."""
