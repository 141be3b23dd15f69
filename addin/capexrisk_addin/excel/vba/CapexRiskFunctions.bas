' The functions in the cells. Only these can be called from a cell; they hand over values and ranges, never a workbook.
Option Explicit

Private failures As New CapexRiskErrors

Private Function XLPy() As Object
    Dim server As New CapexRiskServer
    Set XLPy = server.Connection
End Function

Function CAPEX_WHY(cell)
    ' Gives the reason why a function in a cell gave an error value.
    Dim address As String
    On Error GoTo failed
    If Not TypeOf cell Is Range Then GoTo failed
    If Not IsError(cell.Cells(1, 1).Value) Then
        CAPEX_WHY = ""
        Exit Function
    End If
    If cell.Cells(1, 1).HasArray Then
        address = cell.Cells(1, 1).CurrentArray.Address(External:=True)
    Else
        address = cell.Cells(1, 1).Address(External:=True)
    End If
    CAPEX_WHY = failures.Sentence(address)
    If CAPEX_WHY = "" Then CAPEX_WHY = "No reason is kept: recalculate that cell first (F2, then Enter)."
    Exit Function
failed:
    CAPEX_WHY = "Name the cell that shows the error, as in =CAPEX_WHY(B2)."
End Function

