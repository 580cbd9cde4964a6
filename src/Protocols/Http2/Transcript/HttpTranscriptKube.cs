using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Kubernetes;

namespace Sallyport.Protocols.Http2.Transcript;

/// <summary>Reads of a recorded request what it asked of an API server, by the same parser that it was judged by.</summary>
internal static class HttpTranscriptKube
{
    /// <returns>Null: no resource.</returns>
    public static HttpKubeRequest? Read(string method, string path, bool upgrades)
    {
        byte[] target = Encoding.UTF8.GetBytes(path);
        RequestInfo info = RequestInfo.Parse(Encoding.UTF8.GetBytes(method), target, upgrades, new byte[target.Length * 2]);
        return info.IsResource
            ? new HttpKubeRequest(Word(info.Verb), Text(info.Group), Text(info.Version), Text(info.Resource), Text(info.Subresource), Text(info.Namespace), Text(info.Name))
            : null;
    }

    /// <returns>Null: nothing that has streams.</returns>
    public static HttpTranscriptTunnel? Tunnel(HttpKubeRequest? kube, string path)
    {
        if (kube is not { Verb: "connect", Subresource: "exec" or "attach" or "portforward" })
            return null;
        var command = new StringBuilder();
        string container = "";
        bool terminal = false;
        var parameters = new QueryReader(QueryReader.Of(Encoding.UTF8.GetBytes(path), out _));
        while (parameters.TryNext(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            string said = Decoded(value);
            switch (Decoded(name))
            {
                case "command": command.Append(command.Length > 0 ? " " : "").Append(Quoted(said)); break;
                case "container": container = said; break;
                case "tty": terminal = KubeQuery.IsTrue(Encoding.UTF8.GetBytes(said)); break;
            }
        }

        return new HttpTranscriptTunnel { Command = command.ToString(), Container = container, HasTerminal = terminal };
    }

    // A word with a blank in it is quoted so that it reads as one.
    private static string Quoted(string word) => word.Length == 0 || word.Contains(' ', StringComparison.Ordinal) ? $"'{word}'" : word;

    private static string Decoded(ReadOnlySpan<byte> text)
    {
        byte[] decoded = new byte[text.Length];
        return PercentText.TryDecodeForm(text, decoded, out int length) ? Text(decoded.AsSpan(0, length)) : Text(text);
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private static string Word(Verb verb) => verb switch
    {
        Verb.KubeGet => "get",
        Verb.KubeList => "list",
        Verb.KubeWatch => "watch",
        Verb.KubeCreate => "create",
        Verb.KubeUpdate => "update",
        Verb.KubePatch => "patch",
        Verb.KubeDelete => "delete",
        Verb.KubeDeleteCollection => "deletecollection",
        Verb.KubeConnect => "connect",
        _ => "",
    };
}
