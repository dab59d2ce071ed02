"""The only room that knows WeChat: what its servers push to us, and what we ask of them."""
