using System.Text;
using Sallyport.Policy;
using Sallyport.Policy.Yaml;

namespace Sallyport.Proxy.Configuration;

/// <summary>Loads the policy directory that the configuration names.</summary>
internal static class PolicyLoader
{
    /// <summary>A store with the documents in force; null when something is wrong.</summary>
    public static PolicyStore? Load(DaemonConfig config, TimeProvider time, out IReadOnlyList<Diagnostic> diagnostics)
    {
        var bag = new DiagnosticBag();
        byte[]? key = MaskKey(config, bag);
        if (bag.HasErrors)
        {
            diagnostics = bag.Items;
            return null;
        }

        var store = new PolicyStore(time, key);
        return store.TryLoad(config.Policies.Path, out diagnostics) ? store : null;
    }

    /// <summary>Says what is wrong with the documents as they are now.</summary>
    public static void Check(DaemonConfig config, out IReadOnlyList<Diagnostic> diagnostics) => Load(config, TimeProvider.System, out diagnostics);

    private static byte[]? MaskKey(DaemonConfig config, DiagnosticBag bag)
    {
        const int Shortest = 32;
        if (config.MaskKey is not { } reference)
            return null;
        try
        {
            byte[] key = Encoding.UTF8.GetBytes(reference.Read());
            if (key.Length < Shortest)
                bag.Error(reference.Mark, $"The mask key has {key.Length} bytes and needs {Shortest}: \"openssl rand -base64 48\" makes a good one.");
            return key;
        }
        catch (IOException unreadable)
        {
            bag.Error(reference.Mark, $"The mask key cannot be read: {unreadable.Message}");
            return null;
        }
    }
}
