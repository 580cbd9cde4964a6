using System.Globalization;
using System.Text;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Grpc;

/// <summary>
/// Refusals as clients of gRPC know them ("gRPC over HTTP2", Responses): a head alone, <c>Trailers-Only</c>, with status 200, and with the status of the call and its words.
/// </summary>
internal sealed class GrpcRefusal : IRefusalForm
{
    // "Statuscodes" of grpc.
    private const int InvalidArgument = 3;
    private const int PermissionDenied = 7;
    private const int ResourceExhausted = 8;
    private const int Unimplemented = 12;
    private const int Internal = 13;
    private const int Unavailable = 14;
    private const int Unauthenticated = 16;

    private GrpcRefusal()
    {
    }

    public static GrpcRefusal Form { get; } = new();

    /// <inheritdoc/>
    public byte[] Write(HttpRefusal refusal, HttpHead head)
    {
        head.TryAdd(":status"u8, "200"u8);
        head.TryAdd("content-type"u8, "application/grpc"u8);
        head.TryAdd("grpc-status"u8, Number(StatusOf(refusal.Status)));
        head.TryAdd("grpc-message"u8, PercentEncode(HttpProblem.Detail(refusal)));
        // Clients that retry wait so long ("gRPC Retry Design", Pushback).
        if (refusal.RetryAfterSeconds > 0)
            head.TryAdd("grpc-retry-pushback-ms"u8, Number(refusal.RetryAfterSeconds * 1000));
        return [];
    }

    private static int StatusOf(int http) => http switch
    {
        400 => InvalidArgument,
        401 => Unauthenticated,
        403 => PermissionDenied,
        404 => Unimplemented,
        413 or 429 or 431 => ResourceExhausted,
        502 or 503 or 504 => Unavailable,
        _ => Internal,
    };

    /// <summary><c>Percent-Encoded</c>: all but printable ASCII, and the percent sign.</summary>
    public static byte[] PercentEncode(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        var encoded = new List<byte>(utf8.Length);
        foreach (byte c in utf8)
        {
            if (c is >= 0x20 and <= 0x7E and not (byte)'%')
                encoded.Add(c);
            else
                encoded.AddRange(Encoding.ASCII.GetBytes($"%{c:X2}"));
        }

        return [.. encoded];
    }

    private static byte[] Number(int number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));
}
