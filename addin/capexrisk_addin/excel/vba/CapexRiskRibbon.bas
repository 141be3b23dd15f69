' The buttons of the ribbon: each asks Python, and keeps the status bar while Python works. Esc stops long work.
Option Explicit
Option Private Module

Private Const WORKING As String = "working "

Public Sub CapexRiskPress(control As IRibbonControl)
    Dim server As New CapexRiskServer
    Dim complaint As String
    complaint = Worked(control.ID, Application, server)
    If complaint <> "" Then MsgBox complaint, vbExclamation, "Capex Review"
End Sub

Private Function Worked(ByVal button As String, ByVal host As Object, ByVal server As Object) As String
    ' Does what a button says; Python tells the user; gives a sentence when it cannot.
    Dim python As Object, answer As String, cancelled As Boolean, failures As New CapexRiskErrors
    On Error GoTo failed
    Set python = server.Connection
    host.EnableCancelKey = 2
    answer = WORKING
    answer = Answered(python, "press", button, host)
    Do While Left$(answer, Len(WORKING)) = WORKING
        host.StatusBar = Mid$(answer, Len(WORKING) + 1)
        DoEvents
        answer = Answered(python, "go_on", cancelled, host)
    Loop
    Worked = answer
leave:
    On Error Resume Next
    host.StatusBar = False
    host.EnableCancelKey = 1
    Exit Function
failed:
    If Err.Number = 18 Then
        cancelled = True
        Resume Next
    End If
    Worked = failures.SentenceOf(Err.Description) & vbLf & vbLf & "If this happens again, run: capexrisk addin doctor"
    Resume leave
End Function

Private Function Answered(ByVal python As Object, ByVal name As String, ByVal what As Variant, ByVal host As Object) As String
    Answered = python.Str(python.Call(python.Module("capexrisk_addin.excel.ribbon"), name, python.Tuple(what, host)))
End Function
