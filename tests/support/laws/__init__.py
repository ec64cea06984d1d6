"""The laws as sentences, the stories in which they are asked, and the code broken on purpose."""
