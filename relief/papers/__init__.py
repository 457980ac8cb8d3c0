"""Signed papers: the RT1 token, its QR codes and the printed sheets."""
