using System.Text;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests.Doubles;

/// <summary>Messages of both sides, as bytes.</summary>
internal static class Msg
{
    public static byte[] Query(string text) => Made(FrontendMessage.Query, w => w.CString(text));

    public static byte[] Parse(string name, string text) => Made(FrontendMessage.Parse, w => w.CString(name).CString(text).Int16(0));

    /// <summary>Bind without values.</summary>
    public static byte[] Bind(string portal, string statement) =>
        Made(FrontendMessage.Bind, w => w.CString(portal).CString(statement).Int16(0).Int16(0).Int16(0));

    public static byte[] DescribePortal(string name) => Made(FrontendMessage.Describe, w => w.Byte((byte)'P').CString(name));

    public static byte[] DescribeStatement(string name) => Made(FrontendMessage.Describe, w => w.Byte((byte)'S').CString(name));

    public static byte[] Execute(string portal, int rows = 0) => Made(FrontendMessage.Execute, w => w.CString(portal).Int32(rows));

    public static byte[] CloseStatement(string name) => Made(FrontendMessage.Close, w => w.Byte((byte)'S').CString(name));

    public static byte[] ClosePortal(string name) => Made(FrontendMessage.Close, w => w.Byte((byte)'P').CString(name));

    public static byte[] Sync { get; } = Made(FrontendMessage.Sync, _ => { });

    public static byte[] Flush { get; } = Made(FrontendMessage.Flush, _ => { });

    public static byte[] CopyData(string data) => Made(FrontendMessage.CopyData, w => w.Bytes(Encoding.UTF8.GetBytes(data)));

    public static byte[] CopyDone { get; } = Made(FrontendMessage.CopyDone, _ => { });

    public static byte[] CopyFail { get; } = Made(FrontendMessage.CopyFail, w => w.CString("no"));

    public static byte[] FunctionCall(int oid) => Made(FrontendMessage.FunctionCall, w => w.Int32(oid).Int16(0).Int16(0).Int16(0));

    public static byte[] ParseComplete { get; } = Made(BackendMessage.ParseComplete, _ => { });

    public static byte[] BindComplete { get; } = Made(BackendMessage.BindComplete, _ => { });

    public static byte[] CloseComplete { get; } = Made(BackendMessage.CloseComplete, _ => { });

    public static byte[] NoData { get; } = Made(BackendMessage.NoData, _ => { });

    public static byte[] PortalSuspended { get; } = Made(BackendMessage.PortalSuspended, _ => { });

    public static byte[] EmptyQueryResponse { get; } = Made(BackendMessage.EmptyQueryResponse, _ => { });

    public static byte[] CopyInResponse { get; } = Made(BackendMessage.CopyInResponse, w => w.Byte(0).Int16(0));

    public static byte[] CopyOutResponse { get; } = Made(BackendMessage.CopyOutResponse, w => w.Byte(0).Int16(0));

    public static byte[] Complete(string tag) => Made(BackendMessage.CommandComplete, w => w.CString(tag));

    public static byte[] Ready(char status = 'I') => Made(BackendMessage.ReadyForQuery, w => w.Byte((byte)status));

    public static byte[] ParameterStatus(string name, string value) => Made(BackendMessage.ParameterStatus, w => w.CString(name).CString(value));

    public static byte[] Error(string state, string message, params (char Code, string Value)[] more) => Problem(BackendMessage.ErrorResponse, "ERROR", state, message, more);

    public static byte[] Notice(string state, string message, params (char Code, string Value)[] more) => Problem(BackendMessage.NoticeResponse, "NOTICE", state, message, more);

    /// <summary>Text columns of these origins; table 0: computed.</summary>
    public static byte[] RowDescription(params (uint Table, short Attribute)[] columns) => Made(BackendMessage.RowDescription, w =>
    {
        w.Int16((short)columns.Length);
        foreach ((uint table, short attribute) in columns)
            w.CString("label").Int32((int)table).Int16(attribute).Int32(25).Int16(-1).Int32(-1).Int16(0);
    });

    public static byte[] DataRow(params string?[] values) => Made(BackendMessage.DataRow, w =>
    {
        w.Int16((short)values.Length);
        foreach (string? value in values)
        {
            if (value is null)
                w.Int32(-1);
            else
                w.Int32(Encoding.UTF8.GetByteCount(value)).Bytes(Encoding.UTF8.GetBytes(value));
        }
    });

    /// <summary>One message as tests name it: the type, and of rows and errors what they say.</summary>
    public static string Show(byte type, ReadOnlySpan<byte> body)
    {
        if (type == BackendMessage.ErrorResponse)
            return $"E({Encoding.UTF8.GetString(PgErrorFields.Find(body, (byte)'C'))})";
        return type == BackendMessage.DataRow ? $"D({string.Join(",", Row(body))})" : ((char)type).ToString();
    }

    /// <summary>The values of a DataRow's body; null stands for NULL.</summary>
    public static List<string> Row(ReadOnlySpan<byte> body)
    {
        var reader = new Wire.SpanReader(body);
        var row = new List<string>();
        for (int left = reader.ReadInt16(); left > 0; left--)
        {
            int length = reader.ReadInt32();
            row.Add(length < 0 ? "NULL" : Encoding.UTF8.GetString(reader.ReadBytes(length)));
        }

        Assert.True(reader.AtEnd);
        return row;
    }

    public static byte[] Made(byte type, Action<PgWriter> body)
    {
        using var writer = new PgWriter();
        writer.Begin(type);
        body(writer);
        writer.End();
        return writer.Written.ToArray();
    }

    private static byte[] Problem(byte type, string severity, string state, string message, (char Code, string Value)[] more) => Made(type, w =>
    {
        w.Byte((byte)'S').CString(severity).Byte((byte)'V').CString(severity).Byte((byte)'C').CString(state).Byte((byte)'M').CString(message);
        foreach ((char code, string value) in more)
            w.Byte((byte)code).CString(value);
        w.Byte(0);
    });
}
