using System.Text;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Kubernetes;

/// <summary>What a client of an API server accepts, turned into JSON: what it asks to have made of the objects (tables, metadata alone) stays.</summary>
internal static class KubeAccept
{
    // How objects are transformed (k8s.io/apiserver, endpoints/handlers/negotiation).
    private static readonly string[] Kept = ["as", "v", "g"];

    /// <summary>The value of the field.</summary>
    /// <param name="head">The request's.</param>
    /// <param name="tables">False: tables are not asked for, since they may show what is masked.</param>
    public static byte[] AsJson(HttpHead head, bool tables)
    {
        var kept = new List<string>();
        for (int i = head.IndexOf("accept"u8); i >= 0; i = head.IndexOf("accept"u8, i + 1))
        {
            foreach (string clause in Encoding.Latin1.GetString(head[i].Value).Split(','))
            {
                string[] parts = clause.Split(';', StringSplitOptions.TrimEntries);
                IEnumerable<string> parameters = parts[1..].Where(p => Kept.Contains(p.Split('=')[0], StringComparer.Ordinal));
                string json = string.Join(';', parameters.Prepend("application/json"));
                if ((tables || !json.Contains(";as=Table", StringComparison.OrdinalIgnoreCase)) && !kept.Contains(json))
                    kept.Add(json);
            }
        }

        return Encoding.Latin1.GetBytes(kept.Count == 0 ? "application/json" : string.Join(',', kept));
    }
}
