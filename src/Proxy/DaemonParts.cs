using Sallyport.Policy;
using Sallyport.Proxy.Admin.Live;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Metrics;
using Sallyport.Proxy.Ssh;
using Sallyport.Proxy.Upstream;
using Sallyport.Recording;

namespace Sallyport.Proxy;

/// <summary>What the daemon has whether or not it has a store.</summary>
internal sealed class DaemonParts
{
    private volatile Materials _materials;

    /// <param name="policy">With the policy documents of the directory loaded.</param>
    public DaemonParts(DaemonConfig config, Materials materials, PolicyStore policy, Log log)
    {
        TimeProvider time = TimeProvider.System;
        Config = config;
        _materials = materials;
        Policy = policy;
        Log = log;
        Issuers = new IssuerDirectory(config, time, log);
        HostKeys = new HostKeyBoard(time, log, Metrics);
        SshCredentials = new SshCredentials(() => Materials.Ssh.UserAuthority);
        Targets = new TargetDirectory(materials.Targets, HostKeys, SshCredentials);
        if (!config.Recordings.Enabled)
            return;
        Recorder = new Recorder(new RecordingOptions
        {
            Directory = config.Recordings.Directory.Path,
            Fsync = config.Recordings.Fsync,
            MinFreeBytes = config.Recordings.MinFree,
        });
        Taps = new SessionTaps(new MeteredRecorder(Recorder, Metrics), time);
    }

    public DaemonConfig Config { get; }

    /// <summary>What files hold, as of the last reload.</summary>
    public Materials Materials
    {
        get => _materials;
        set => _materials = value;
    }

    public PolicyStore Policy { get; }

    public Log Log { get; }

    public IssuerDirectory Issuers { get; }

    public TargetDirectory Targets { get; }

    /// <summary>Host keys of SSH targets.</summary>
    public HostKeyBoard HostKeys { get; }

    public SshCredentials SshCredentials { get; }

    public ProxyMetrics Metrics { get; } = new();

    /// <summary>Null: nothing is recorded.</summary>
    public Recorder? Recorder { get; }

    /// <summary>The recorder, as engines see it; null: nothing is recorded.</summary>
    public SessionTaps? Taps { get; }
}
