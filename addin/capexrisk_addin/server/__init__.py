"""The server add-in: the functions and a task pane for Excel on the web, on the Mac and on Windows, from one server.

`application` is our own web application, which serves what Excel needs of xlwings Server's (an optional extra with a
licence of its own) and the task pane. It stores nothing: a review arrives with a request, and its results stay in
memory until those of others take their place. Folder `project` holds templates and files in the places where xlwings
Server looks for those of a project.
"""
