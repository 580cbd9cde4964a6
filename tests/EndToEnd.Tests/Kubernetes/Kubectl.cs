using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Shared.KubernetesServer;

namespace Sallyport.EndToEnd.Tests.Kubernetes;

/// <summary>The real kubectl, with a kubeconfig and a cache of its own.</summary>
public sealed class Kubectl : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Dictionary<string, string> _environment;

    /// <param name="kubeconfig">The text of its kubeconfig.</param>
    /// <param name="webSockets">Whether exec, attach and port-forward go over WebSockets; false: over SPDY/3.1, as before Kubernetes 1.31.</param>
    public Kubectl(string kubeconfig, bool webSockets = true)
    {
        string flag = webSockets ? "true" : "false";
        _environment = new Dictionary<string, string>
        {
            ["HOME"] = _folder.FullName,
            ["KUBECONFIG"] = _folder.Write("config", kubeconfig),
            ["KUBECTL_REMOTE_COMMAND_WEBSOCKETS"] = flag,
            ["KUBECTL_PORT_FORWARD_WEBSOCKETS"] = flag,
        };
    }

    /// <summary>A folder for its files.</summary>
    public TempFolder Folder => _folder;

    /// <summary>As the administrator of a cluster, straight to it.</summary>
    public static Kubectl Direct(IKubernetesCluster cluster, bool webSockets = true) =>
        new(Kubeconfig.Write(cluster.Address, cluster.Authority, cluster.Admin, space: Shared.KubernetesServer.Seeds.Seed.Space), webSockets);

    /// <summary>
    /// The program. Some distributions' kubectl is a dispatcher that first asks the server for its version and then runs another; we run
    /// the newest of those that a server of 1.32 may be talked to with.
    /// </summary>
    public static string Program { get; } = Find();

    /// <summary>Starts one that goes on until it is stopped.</summary>
    public ChildProcess Start(params string[] arguments) => ChildProcess.Start([Program, .. arguments], _environment);

    /// <summary>Starts one on a terminal of 40 rows and 100 columns (script(1)).</summary>
    public ChildProcess StartOnTerminal(params string[] arguments) =>
        ChildProcess.Start(["script", "-qec", "stty rows 40 cols 100; " + string.Join(' ', ((string[])[Program, .. arguments]).Select(a => $"'{a}'")), "/dev/null"], _environment);

    /// <summary>Runs one to its end.</summary>
    public Task<KubectlResult> RunAsync(params string[] arguments) => RunAsync(null, arguments);

    /// <summary>Runs one to its end, with <paramref name="input"/> on its standard input.</summary>
    public async Task<KubectlResult> RunAsync(string? input, string[] arguments)
    {
        await using ChildProcess process = Start(arguments);
        if (input is not null)
            await process.Input.WriteAsync(input);
        process.Input.Close();
        int code = await process.WaitForExitAsync();
        return new KubectlResult(code, process.Output, process.Error);
    }

    public void Dispose() => _folder.Dispose();

    private static string Find()
    {
        string found = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(d => Path.Combine(d, "kubectl")).FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException("kubectl is not installed: run eng/install tests");
        string real = new FileInfo(found).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? found;
        string beside = Path.Combine(Path.GetDirectoryName(real)!, "kubectl.1.32");
        return File.Exists(beside) ? beside : real;
    }
}

/// <summary>How a kubectl ended, and what it said.</summary>
public sealed record KubectlResult(int Code, string Output, string Error)
{
    /// <summary>Its output, if it went well.</summary>
    public string Succeeded() => Code == 0 ? Output : throw new InvalidOperationException($"kubectl: exit code {Code}\n{Output}\n{Error}");

    /// <summary>Its error, if it did not.</summary>
    public string Failed() => Code != 0 ? Error : throw new InvalidOperationException($"kubectl succeeded:\n{Output}");
}
