using System.Buffers;
using System.Text;
using System.Text.Json;
using Sallyport.Protocols.Http2.Kubernetes.TarManifest;

namespace Sallyport.Protocols.Http2.Kubernetes.Tunnels;

/// <summary>Details of events of tunnels: one line of JSON each, with the same names as those of SSH.</summary>
internal static class TunnelEvents
{
    // An event's detail holds 4096 characters; what is beyond would be cut off, and with it the JSON's end. An escape takes up to six.
    private const int LongestPath = 600;

    public static string File(uint exchange, string path, bool isUpload, TarFile file, long milliseconds) => Write(json =>
    {
        json.WriteString("path"u8, path.Length <= LongestPath ? path : path[..LongestPath] + "…");
        json.WriteString("direction"u8, isUpload ? "upload"u8 : "download"u8);
        json.WriteNumber("bytes"u8, file.Seen);
        json.WriteString("sha256"u8, file.Sha256);
        json.WriteNumber("ms"u8, milliseconds);
        json.WriteString("status"u8, file.Sha256 is null ? "partial"u8 : "complete"u8);
        json.WriteNumber("exchange"u8, exchange);
        json.WriteString("by"u8, "kubectl-cp"u8);
    });

    public static string Forward(uint exchange, string destination, long toTarget, long toClient, long milliseconds) => Write(json =>
    {
        json.WriteNumber("exchange"u8, exchange);
        json.WriteString("kind"u8, "local"u8);
        json.WriteString("destination"u8, destination);
        json.WriteNumber("bytes-to-target"u8, toTarget);
        json.WriteNumber("bytes-to-client"u8, toClient);
        json.WriteNumber("ms"u8, milliseconds);
    });

    private static string Write(Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
