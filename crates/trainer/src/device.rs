//! The device that a run computes on.

use crate::error::TrainerError;
use domain::run::RunSpec;

#[cfg(feature = "cuda")]
use model::backend::Cuda;

/// Id of the instance type that is this machine's GPU, and nothing else.
const LOCAL_GPU: &str = "local-gpu";

/// A GPU that runs can compute on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gpu {
    /// Its name.
    pub name: String,
    /// Its memory in bytes.
    pub memory_bytes: u64,
}

/// The GPU that runs on this machine compute on, or why there is none.
///
/// # Errors
/// What is missing, and what to do about it.
pub fn gpu() -> Result<Gpu, String> {
    #[cfg(feature = "cuda")]
    {
        let devices = model::backend::cuda_devices().map_err(|e| e.to_string())?;
        let first = devices.into_iter().next().ok_or("there is no CUDA device")?;
        Ok(Gpu { name: first.name, memory_bytes: first.memory_bytes })
    }
    #[cfg(not(feature = "cuda"))]
    Err("this program was built without CUDA".to_owned())
}

/// An open device.
pub(crate) enum Device {
    /// The processors.
    Cpu,
    /// A GPU.
    #[cfg(feature = "cuda")]
    Cuda(Cuda),
}

impl Device {
    /// Opens the device that the run's instance type stands for: the processors where it names them, or names nothing, else the GPU. A
    /// machine without one is told from the answer's second part, when it stands for an instance type of another name; `local-gpu` asks
    /// for it by name.
    pub fn open(spec: &RunSpec) -> Result<(Self, Option<String>), TrainerError> {
        let asked = spec.gpu.as_ref().map_or("", |gpu| gpu.instance_type.as_str());
        if asked.is_empty() || asked.contains("cpu") {
            return Ok((Self::Cpu, None));
        }
        match Self::open_gpu(spec) {
            Ok(device) => Ok((device, None)),
            Err(TrainerError::NoDevice { reason }) if asked != LOCAL_GPU => {
                Ok((Self::Cpu, Some(format!("The run asks for {asked}, and is computed on the processors: {reason}."))))
            }
            Err(error) => Err(error),
        }
    }

    #[cfg(feature = "cuda")]
    fn open_gpu(spec: &RunSpec) -> Result<Self, TrainerError> {
        let opened = Cuda::open(0, spec.kernel_cache.clone());
        opened.map(Self::Cuda).map_err(|error| crate::engine::model_error(&spec.base_model.path, &error))
    }

    #[cfg(not(feature = "cuda"))]
    fn open_gpu(_: &RunSpec) -> Result<Self, TrainerError> {
        Err(TrainerError::NoDevice { reason: "this program was built without CUDA".to_owned() })
    }

    /// Its own memory; none where that is the machine's.
    pub fn memory_bytes(&self) -> Option<u64> {
        match self {
            Self::Cpu => None,
            #[cfg(feature = "cuda")]
            Self::Cuda(cuda) => Some(cuda.device().memory_bytes),
        }
    }

    /// As it is shown.
    pub fn name(&self) -> String {
        match self {
            Self::Cpu => "cpu".to_owned(),
            #[cfg(feature = "cuda")]
            Self::Cuda(cuda) => cuda.device().name.clone(),
        }
    }
}
