using System.Globalization;
using System.Text;

namespace Sallyport.Protocols.Http2.Kubernetes.Tunnels;

/// <summary>What the streams of a pod are asked for.</summary>
internal enum KubeStreams : byte
{
    None,
    Exec,
    Attach,
    PortForward,

    /// <summary>No tunnel: a body of text.</summary>
    Log,
}

/// <summary>A request for the streams of a pod (the options of core/v1), as the API server reads it.</summary>
/// <param name="IsTerminal">What is typed comes back in what is shown, unless it is not to be seen.</param>
/// <param name="Ports">Those that the query names: of a WebSocket of channels all there will be, of SPDY none that count.</param>
internal sealed record KubeStreamRequest(KubeStreams Kind, string Namespace, string Pod, bool IsTerminal, IReadOnlyList<string> Command, IReadOnlyList<ushort> Ports)
{
    /// <summary>One byte of each channel names its port.</summary>
    private const int MostPorts = 128;

    /// <summary>As rules name it, and recordings.</summary>
    public string Destination(ushort port) => string.Create(CultureInfo.InvariantCulture, $"{Pod}.{Namespace}:{port}");

    /// <returns>Null: it asks for no such streams.</returns>
    public static KubeStreamRequest? Of(in RequestInfo info)
    {
        if (!info.IsResource || info.Problem != RequestProblem.None || !info.Group.IsEmpty || !info.Resource.SequenceEqual("pods"u8) || info.Name.IsEmpty)
            return null;
        KubeStreams kind = KindOf(info.Subresource);
        if (kind == KubeStreams.None)
            return null;
        var command = new List<string>();
        var ports = new List<ushort>();
        bool isTerminal = false;
        byte[] scratch = new byte[info.Query.Length];
        var parameters = new QueryReader(info.Query);
        while (parameters.TryNext(out ReadOnlySpan<byte> rawName, out ReadOnlySpan<byte> rawValue))
        {
            if (!TryText(rawName, scratch, out string name) || !TryText(rawValue, scratch, out string value))
                continue;
            if (name == "command")
                command.Add(value);
            else if (name == "tty")
                isTerminal = KubeQuery.IsTrue(Encoding.UTF8.GetBytes(value));
            else if (name == "ports")
                Add(value, ports);
        }

        return new KubeStreamRequest(kind, Encoding.UTF8.GetString(info.Namespace), Encoding.UTF8.GetString(info.Name), isTerminal, command, ports);
    }

    public static KubeStreams KindOf(ReadOnlySpan<byte> subresource) => subresource switch
    {
        _ when subresource.SequenceEqual("exec"u8) => KubeStreams.Exec,
        _ when subresource.SequenceEqual("attach"u8) => KubeStreams.Attach,
        _ when subresource.SequenceEqual("portforward"u8) => KubeStreams.PortForward,
        _ when subresource.SequenceEqual("log"u8) => KubeStreams.Log,
        _ => KubeStreams.None,
    };

    private static void Add(string list, List<ushort> ports)
    {
        foreach (string part in list.Split(','))
        {
            // What is no port has made the action one that was not understood; a rule that allows such lets it through to the API server's own refusal.
            if (ports.Count < MostPorts && ushort.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0)
                ports.Add(port);
        }
    }

    private static bool TryText(ReadOnlySpan<byte> raw, Span<byte> scratch, out string text)
    {
        bool isText = PercentText.TryDecodeForm(raw, scratch, out int length);
        text = isText ? Encoding.UTF8.GetString(scratch[..length]) : "";
        return isText;
    }
}
