using System.Security.Cryptography;
using System.Text;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Kubernetes.Tunnels;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>
/// What an approval of a request is bound to: SHA-256 over where it goes, its method, path and query, every field that the target gets from the client, in their order, and the
/// body. Whoever adds a field, or changes one, asks for something else. Left out is what a client says anew each time it sends the same request,
/// and of exec, attach and port-forward the protocol that they go over: kubectl asks by a WebSocket, and when that does not come at once again by SPDY, for the same thing.
/// </summary>
internal static class RequestDigest
{
    private const byte Version = 3;

    private static readonly HashSet<string> OfOneTry =
    [
        "content-length", "date", "grpc-previous-rpc-attempts", "grpc-timeout", "kubectl-session", "prefer", "sec-websocket-key", "traceparent", "tracestate", "x-request-id",
    ];

    /// <param name="head">As the client sent it.</param>
    /// <param name="body">All of it.</param>
    public static byte[] Of(HttpHead head, HttpRequest request, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([Version]);
        hash.AppendPart(Encoding.UTF8.GetBytes(request.Target.Info.Name));
        bool isTunnel = KubeTunnels.Leads(request, head);
        hash.AppendPart(isTunnel ? default : head.Value(":method"u8));
        hash.AppendPart(request.Path(head));
        hash.AppendPart(head.Value(":protocol"u8));
        hash.AppendPart(isTunnel ? default : head.Value("upgrade"u8));
        byte[] credentialHeader = Encoding.ASCII.GetBytes(request.Target.CredentialHeader);
        bool lists = head.Has("connection"u8);
        for (int i = 0; i < head.Count; i++)
        {
            HttpField field = head[i];
            string name = Encoding.ASCII.GetString(field.Name);
            if (!HttpForwarding.Passes(head, lists, field, credentialHeader) || OfOneTry.Contains(name) || (isTunnel && IsOfTunnel(name)))
                continue;
            hash.AppendPart(field.Name);
            hash.AppendPart(field.Value);
        }

        // No field has an empty name: here the fields end.
        hash.AppendPart(default);
        hash.AppendPart(body);
        return hash.GetHashAndReset();
    }

    private static bool IsOfTunnel(string name) => name.StartsWith("sec-websocket-", StringComparison.Ordinal) || name == "x-stream-protocol-version";
}
