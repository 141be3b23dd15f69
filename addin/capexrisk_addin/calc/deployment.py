# pyright: reportMissingImports=false, reportAttributeAccessIssue=false
# ruff: noqa: D102, N802 - methods of LibreOffice's interfaces
"""Asks a listening LibreOffice to add, remove or try the extension; run by LibreOffice's own Python, as a script.

    deployment.py PIPE add URL-OF-THE-OXT
    deployment.py PIPE remove IDENTIFIER FILE-NAME
    deployment.py PIPE try FORMULA

Prints {"gives": ...} or {"error": sentence} and has LibreOffice leave. Needs the standard library and `uno` only.
"""

import json
import sys
import time

import uno
import unohelper
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.task import XInteractionHandler
from com.sun.star.ucb import XCommandEnvironment

PATIENCE = 100  # seconds


class Approval(unohelper.Base, XCommandEnvironment, XInteractionHandler):
    """Says yes where the extension manager asks: to install, to replace an earlier version."""

    def getInteractionHandler(self):
        return self

    def getProgressHandler(self):
        return None

    def handle(self, request):
        """Approve whatever is asked."""
        approve = uno.getTypeByName("com.sun.star.task.XInteractionApprove")
        for continuation in request.getContinuations():
            choice = continuation.queryInterface(approve)
            if choice:
                choice.select()
                return


def connect(pipe):
    """Give the component context of the LibreOffice that listens on a pipe."""
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return resolver.resolve("uno:pipe,name=" + pipe + ";urp;StarOffice.ComponentContext")
        except NoConnectException:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def manager(context):
    """Give LibreOffice's extension manager."""
    return context.getValueByName("/singletons/com.sun.star.deployment.ExtensionManager")


def add(context, url):
    """Add the extension for the current user and give its version."""
    return manager(context).addExtension(url, (), "user", None, Approval()).getVersion()


def remove(context, identifier, file_name):
    """Remove the extension and say whether it was there."""
    deployed = manager(context).getDeployedExtensions("user", None, Approval())
    if identifier not in [package.getIdentifier().Value for package in deployed]:
        return False
    manager(context).removeExtension(identifier, file_name, "user", None, Approval())
    return True


def evaluate(context, formula):
    """Give what a formula shows in a new spreadsheet."""
    desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
    hidden = PropertyValue()
    hidden.Name, hidden.Value = "Hidden", True
    document = desktop.loadComponentFromURL("private:factory/scalc", "_blank", 0, (hidden,))
    try:
        cell = document.Sheets.getByIndex(0).getCellByPosition(0, 0)
        cell.Formula = formula
        return cell.String
    finally:
        document.close(True)


ACTIONS = {"add": add, "remove": remove, "try": evaluate}


def main(pipe, action, *arguments):
    """Do one action and print what came of it."""
    context = connect(pipe)
    try:
        answer = {"gives": ACTIONS[action](context, *arguments)}
    except Exception as error:
        answer = {"error": (getattr(error, "Message", None) or str(error)).strip()}
    desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
    desktop.terminate()
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
