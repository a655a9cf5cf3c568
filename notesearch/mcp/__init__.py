"""What agents ask of an index: tools, notes and a prompt of the Model Context Protocol.

`agent_server.py` makes the server, `over_stdio.py` and `over_http.py` connect it. The SDK is the
package `mcp` of the extra `serve`; it is imported where a server is made, and takes 0.4 s.
"""
